"""From text to terms: normalization, stemming, stop words, compounds."""
