"""Whom a model fails: groups, disparities, mitigation."""
