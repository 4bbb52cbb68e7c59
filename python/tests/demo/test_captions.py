"""Sentences say what the scene is, and held-out scenes stay out of training."""

from random import Random

from splitreel.demo.captions import UNSAID, describe, empty_caption, held_out_captions, is_held_out, sample_scene
from splitreel.demo.words import COLOR_WORDS, SHAPE_WORDS


def test_same_seed_gives_the_same_sentences() -> None:
    assert held_out_captions(20) == held_out_captions(20)
    assert held_out_captions(20) != held_out_captions(20, seed=1)


def test_training_and_held_out_scenes_are_disjoint() -> None:
    random = Random(3)
    assert not any(is_held_out(sample_scene(random)) for _ in range(2000))
    assert all(is_held_out(scene) for scene, _ in held_out_captions(200))


def test_the_sentence_contains_what_the_labels_say() -> None:
    random = Random(4)
    for _ in range(1000):
        scene = sample_scene(random)
        caption = describe(scene, random)
        words = set(caption.text.lower().replace(",", " ").replace(".", " ").split())
        shape = SHAPE_WORDS[scene.shape]
        assert words & {shape.usual, *shape.others}
        if caption.labels[3] != UNSAID:
            color = COLOR_WORDS[scene.color]
            assert words & {color.usual, *color.others}


def test_a_plain_sentence_determines_every_attribute() -> None:
    random = Random(5)
    for _ in range(300):
        assert UNSAID not in describe(sample_scene(random), random, plain=True).labels


def test_meaningless_sentences_decide_nothing() -> None:
    random = Random(6)
    texts = [empty_caption(random) for _ in range(100)]
    assert all(set(caption.labels) == {UNSAID} for caption in texts)
    assert sum(caption.text == "" for caption in texts) > 50
