"""Makes the demo model's tokenizer: `python -m splitreel.demo.tokenizer OUT`.

Every word of the grammar becomes one piece; other words are split into smaller pieces or letters. Case is ignored.
"""

from __future__ import annotations

import argparse
import json
import string
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from splitreel.demo.captions import describe, sample_scene
from splitreel.demo.words import ADVERBS, ENDINGS, OPENINGS, OTHER_WORDS

TEXT_LENGTH: Final = 48
"""Tokens that the model reads, also `max_text_seq_length` of the transformer and `model_max_length` of the tokenizer."""
LEARNED_PIECES: Final = 384
WHOLE_WORD_SCORE: Final = -4.0
"""Log-probability of a word of the grammar. Learned pieces are lowered by as much, so that no word is split."""
PAD_ID: Final = 0
END_ID: Final = 1


def write_corpus(path: Path, seed: int = 1) -> None:
    random = Random(seed)
    others = OTHER_WORDS + ADVERBS + OPENINGS + ENDINGS
    letters = string.ascii_letters + string.digits + ".,:;!?'\"-()"
    with path.open("w", encoding="utf-8") as corpus:
        for _ in range(40_000):
            print(describe(sample_scene(random), random).text, file=corpus)
        for _ in range(4_000):
            print(" ".join(random.choices(others, k=10)), file=corpus)
        for _ in range(1_000):
            print(" ".join("".join(random.choices(letters, k=3)) for _ in range(10)), file=corpus)


def grammar_words(path: Path) -> list[str]:
    """Words that occur more than a few times in the corpus, without punctuation, in alphabetical order."""
    counts: Counter[str] = Counter()
    for line in path.read_text("utf-8").lower().splitlines():
        counts.update(word.strip(".,:") for word in line.split())
    return sorted(word for word, count in counts.items() if count >= 20 and word.replace("-", "").isalnum())


def with_whole_words(pieces: list[tuple[str, float]], words: list[str]) -> list[tuple[str, float]]:
    """The vocabulary with every word as one piece, special tokens first."""
    special, learned = pieces[:3], pieces[3:]
    whole = [("▁" + word, WHOLE_WORD_SCORE) for word in words]
    taken = {piece for piece, _ in whole}
    return [*special, *whole, *((piece, score + WHOLE_WORD_SCORE) for piece, score in learned if piece not in taken)]


def make_tokenizer(folder: Path) -> None:
    """Writes tokenizer.json and tokenizer_config.json, which diffusers loads as a T5 tokenizer."""
    import sentencepiece
    from transformers import T5Tokenizer

    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus.txt"
        write_corpus(corpus)
        words = grammar_words(corpus)
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=str(Path(scratch) / "spiece"),
            vocab_size=LEARNED_PIECES,
            model_type="unigram",
            pad_id=PAD_ID,
            eos_id=END_ID,
            unk_id=2,
            bos_id=-1,
            hard_vocab_limit=False,
            character_coverage=1.0,
            normalization_rule_name="nmt_nfkc_cf",
            num_threads=1,
            minloglevel=2,
        )
        T5Tokenizer.from_pretrained(scratch, extra_ids=0, model_max_length=TEXT_LENGTH).save_pretrained(folder)
    definition = folder / "tokenizer.json"
    tokenizer = json.loads(definition.read_text("utf-8"))
    tokenizer["model"]["vocab"] = with_whole_words([tuple(pair) for pair in tokenizer["model"]["vocab"]], words)
    definition.write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    make_tokenizer(parser.parse_args().out)


if __name__ == "__main__":
    main()
