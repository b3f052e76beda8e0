"""The platform on AWS: Fargate, RDS, S3 and ECR behind HTTPS, as one CloudFormation stack."""
