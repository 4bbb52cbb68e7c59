"""Models from the Hugging Face hub: asked for, fetched, resumed, verified. A process of its own, without torch."""
