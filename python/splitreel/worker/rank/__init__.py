"""One rank: a process that owns an engine, runs jobs, and reports its progress to the supervisor."""
