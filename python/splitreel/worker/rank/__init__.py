"""One rank: a process that owns an engine, does jobs, and tells the supervisor how far it is."""
