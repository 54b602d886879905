"""Here are a run and qrels; how good is it, and what would be better? Measured by the standard tools, doubt included.

The way through: ``judged`` reads queries and qrels, ``runs`` reads, writes and makes runs, ``measures`` measures one
against the other, ``significance`` says how sure that is, ``comparing`` puts two runs side by side. ``tuning`` finds
better settings, which ``trying`` measures and ``deciding`` chooses from; ``sanity`` looks for faults where nothing was
judged; ``switching`` says how answers change with another encoder.
"""
