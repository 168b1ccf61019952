"""Sphinx's settings of the site; read by Sphinx in the folder of its sources."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "hpcneq"
author = "the hpcneq authors"
copyright = author
extensions = ["myst_parser", "mathml"]
source_suffix = {".md": "markdown"}
root_doc = "index"
html_theme = "furo"
html_title = "hpcneq"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_last_updated_fmt = None
pygments_style = "default"
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
suppress_warnings = [
    "myst.header",  # a page may begin with a heading of the second level
    "misc.highlighting_failure",  # pieces of TOML
]
