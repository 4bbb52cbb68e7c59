"""What is valid, what it needs and what it is called: plans, requests, shapes, memory. Pure, no torch."""
