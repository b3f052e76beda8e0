"""The platform on Azure: Container Apps, PostgreSQL, Blob Storage and Key Vault, with Pulumi."""
