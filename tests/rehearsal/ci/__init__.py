"""What runs the workflows of GitHub and the pipeline of Azure DevOps, without either service.

github.py        the issues and comments of a repository, behind GitHub's REST API
workflows.py     act runs a workflow; what stands in for the actions that it uses is one table
azure_devops.py  expands the pipeline's templates and runs its steps
site.py          the repository and the cloud that they work on
"""
