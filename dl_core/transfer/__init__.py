"""Transfer learning: backbones, embeddings computed once, heads, fine-tuning, learning curves."""
