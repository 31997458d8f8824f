"""The letters: pure. What a letter may say, how it looks, where its links lead, which headers it carries."""
