"""The console of the proxy: sessions watched and steered while they run."""
