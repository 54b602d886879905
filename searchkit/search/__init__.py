"""Here is a query; what are the results, and why? Two legs, one score, articles in order."""
