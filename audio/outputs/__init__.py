"""Ways out for sound: sound card, Icecast, RTP, file, null."""
