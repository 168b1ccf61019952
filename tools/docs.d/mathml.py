"""Formulas as MathML, which browsers draw by themselves: a site without scripts of others."""

from __future__ import annotations

import re

from docutils.utils.math import MathError, latex2mathml

OLD_FONTS = re.compile(r"\{\\(rm|bf|it)\s+([^{}]*)\}")
NEW_FONTS = {"rm": "mathrm", "bf": "mathbf", "it": "mathit"}
SIZES = re.compile(r"\\[bB]ig(?![a-zA-Z])")  # of brackets, which browsers stretch by themselves
BARE = re.compile(r"\\[td]?frac\s*(\d|\\[a-zA-Z]+)\s*(\d|\\[a-zA-Z]+|[a-zA-Z])")
FRACTIONS = re.compile(r"\\[td]frac(?![a-zA-Z])")


def converted(tex: str, block: bool) -> str:
    """A formula as MathML; ValueError if it cannot be read."""
    tex = OLD_FONTS.sub(lambda match: rf"\{NEW_FONTS[match[1]]}{{{match[2]}}}", tex)
    tex = BARE.sub(r"\\frac{\1}{\2}", SIZES.sub("", tex))
    try:
        return latex2mathml.tex2mathml(FRACTIONS.sub(r"\\frac", tex), as_block=block)
    except (MathError, AttributeError) as error:  # the second where its parser is at a loss
        raise ValueError(f"a formula that cannot be read: {tex} ({error})") from error


def _inline(writer, node):
    from docutils import nodes

    writer.body.append(converted(node.astext(), False))
    raise nodes.SkipNode


def _block(writer, node):
    from docutils import nodes

    writer.body.append(f'<div class="math">{converted(node.astext(), True)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
