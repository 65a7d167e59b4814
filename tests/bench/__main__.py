"""``make bench``: everything side by side in one run, as ``build/bench.json`` and a table."""
