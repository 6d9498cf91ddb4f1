"""Reading of received documents: file → clean text → what the document says and asks for."""
