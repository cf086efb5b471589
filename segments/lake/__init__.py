"""The lake: every event, in a Delta table partitioned by day. Knows no framework.

The heavy libraries are imported inside the functions, because the web process loads
these modules and rarely calls them. delta-rs does not survive a fork: a process that
has opened the lake must not fork workers that open it too.
"""
