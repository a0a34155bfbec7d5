"""Transactions: their schema, reading, checking and splitting."""
