"""What the benchmark of the lowest visible altitude needs: terrain, exact rays, and peers."""
