"""Puts a trained checkpoint into a model folder: `python -m splitreel.demo.export --tokenizer T --vae V --checkpoint C OUT`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKLCogVideoX
from transformers import AutoTokenizer

from splitreel.demo.checkpoint import load_parts
from splitreel.demo.model import new_pipeline, save_folder
from splitreel.demo.training_step import Model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True, help="the VAE folder written by training, with its scale")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=8)
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    model = Model(len(tokenizer), options.layers)
    model.load_state_dict(load_parts(options.checkpoint, "weights"))
    vae = AutoencoderKLCogVideoX.from_pretrained(options.vae, dtype=torch.float32)
    size = save_folder(new_pipeline(tokenizer, model.text, vae, model.transformer), options.out)
    print(f"wrote {size} bytes to {options.out}")


if __name__ == "__main__":
    main()
