"""The demo model's training: clips and captions, VAE, text encoder, transformer, scores, export.

The app doesn't import this package. It uses diffusers' CogVideoX classes and torch, and must not import the engine.
`docs/demo-model.md` has the commands, one for each stage.
"""
