"""The site of these pages: `make docs`. Sphinx, so that any broken link or anchor is an error."""

project = "mlops-infra"
extensions = ["myst_parser"]
myst_heading_anchors = 4  # named as GitHub names them
html_theme = "furo"
html_title = "mlops-infra"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"code-font-size": "var(--font-size--small--3)"},  # 100 columns fit
    "source_repository": "https://github.com/mlops-infra/mlops-infra/",
    "source_branch": "main",
    "source_directory": "docs/",
}
