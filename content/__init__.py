"""What is said: documents, items, programmes, scripts, and words as they are spoken."""
