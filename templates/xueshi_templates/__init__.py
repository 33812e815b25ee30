"""Shared papers: look libraries, base forms and the only renderer (`xueshi_templates.render`). Knows no database."""
