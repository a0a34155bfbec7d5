"""Streamlit panels that every domain shares. Nothing here loads Keras or scikit-learn: work goes through the engine."""
