"""From runs and qrels to measures, comparisons and tuned settings, by the standard tools, doubt included.

``judgments`` reads queries and qrels, ``runs`` reads, writes and makes runs, ``measures`` measures one against the
other, ``significance`` says how sure that is, ``comparison`` puts two runs side by side. ``tuning`` finds better
settings; ``self_check`` looks for faults where nothing was judged; ``generation_diff`` says how answers change with
another encoder.
"""
