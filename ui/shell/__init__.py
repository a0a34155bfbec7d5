"""What every page stands in: frame, state, jobs, theme, charts."""
