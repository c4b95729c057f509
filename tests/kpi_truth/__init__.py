"""The KPIs against figures worked out from their printed definitions alone."""
