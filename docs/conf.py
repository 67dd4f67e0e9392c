"""Makes a site of the pages in this folder: `make docs`. Sphinx reads this file."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import reference  # noqa: E402  (beside this file)

reference.write(HERE / "reference")

project = "Newsletter Recommender"
copyright = "its authors, MIT licence"  # noqa: A001  (the name that Sphinx reads)
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
myst_links_external_new_tab = False
