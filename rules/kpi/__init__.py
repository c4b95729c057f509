"""`kpis.yaml`: every KPI, its definition, its statements, its target, its list in a CRM."""
