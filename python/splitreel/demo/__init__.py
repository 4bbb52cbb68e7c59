"""The demo model's training: clips and captions, VAE, text encoder, transformer, scores, export.

Nothing of the app imports this package. It knows diffusers' CogVideoX classes and torch; it must not know the engine.
`docs/demo-model.md` has the commands, one for each stage.
"""
