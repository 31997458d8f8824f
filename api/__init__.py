"""The front doors: HTTP, pages and links (design section 2)."""
