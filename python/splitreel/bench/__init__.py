"""Benchmarks of the engine: `python -m splitreel.bench NAME FLAGS`. They print figures and never assert on time."""
