"""From a typed query to a tree of terms, and from the tree to a plan."""
