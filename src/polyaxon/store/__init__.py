"""Durable state: the contract (`base`), and one adapter per database. All SQL of the project lives here."""
