"""The incident response plan: what the policies in force say, as a document for people. Pure, apart from the notes that stand beside the policies."""
