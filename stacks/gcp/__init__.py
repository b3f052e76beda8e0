"""The platform on Google Cloud: Cloud Run, Cloud SQL, Cloud Storage and Secret Manager."""
