"""Which tokens each rank works on. Pure.

The joint sequence is [text, image]. It is cut twice: into patches (PipeFusion; one patch otherwise), which
follow one another through the pipeline, and each patch into shares, one for each rank of ring x ulysses.
Text belongs to the first patch. A rank's pack is its share of every patch, in order:

    [text share | image share of patch 0 | image share of patch 1 | ...]

Any set of tokens can be a share, as attention does not care in which order keys come; so nothing needs to
divide anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitreel.parallel.shares import Span, share_spans


@dataclass(frozen=True, slots=True)
class Piece:
    """One rank's share of one patch: rows of the text and rows of the image."""

    text: Span
    image: Span

    @property
    def length(self) -> int:
        return self.text.length + self.image.length


@dataclass(frozen=True, slots=True)
class Layout:
    """`pieces[rank][patch]`, where rank = ring * ulysses_degree + ulysses."""

    text_length: int
    image_length: int
    pieces: tuple[tuple[Piece, ...], ...]

    @classmethod
    def cut(cls, text_length: int, image_length: int, *, patches: int, ranks: int) -> Layout:
        patch_spans = share_spans(image_length, patches)
        nothing = Span(text_length, text_length)
        text_shares = share_spans(text_length, ranks)
        pieces = []
        for rank in range(ranks):
            row = []
            for patch, span in enumerate(patch_spans):
                image = share_spans(span.length, ranks, span.start)[rank]
                row.append(Piece(text_shares[rank] if patch == 0 else nothing, image))
            pieces.append(tuple(row))
        return cls(text_length, image_length, tuple(pieces))

    @property
    def patches(self) -> int:
        return len(self.pieces[0])

    @property
    def ranks(self) -> int:
        return len(self.pieces)

    def length(self, rank: int, patch: int | None = None) -> int:
        """Tokens of a rank's piece of one patch, or of its whole pack."""
        if patch is not None:
            return self.pieces[rank][patch].length
        return sum(piece.length for piece in self.pieces[rank])

    def offset(self, rank: int, patch: int) -> int:
        """Where the piece of this patch begins in the rank's pack."""
        return sum(piece.length for piece in self.pieces[rank][:patch])

    def text_span(self, rank: int, patch: int | None = None) -> Span:
        return self.pieces[rank][patch or 0].text

    def image_spans(self, rank: int, patch: int | None = None) -> tuple[Span, ...]:
        """Image rows of a rank's piece of one patch, or of its whole pack."""
        if patch is not None:
            return (self.pieces[rank][patch].image,)
        return tuple(piece.image for piece in self.pieces[rank])
