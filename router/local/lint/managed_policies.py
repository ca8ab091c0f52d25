"""What AWS's managed policies allow, as far as a rule asks for it.

samtranslator knows their ARNs, but not what they allow.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

__all__ = ["MANAGED_POLICIES"]

Allowed = tuple[tuple[str, str], ...]
"""Pairs of actions, separated by spaces, and the resource."""

_LOGS = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
_STREAM = "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams"
_QUEUE = "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes"
_INTERFACES = "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface"
_TRACES = "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets"
_READ_TABLES = (
    "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:GetItem dynamodb:List* dynamodb:PartiQLSelect dynamodb:Query "
    "dynamodb:Scan kms:DescribeKey kms:ListAliases"
)

MANAGED_POLICIES: dict[str, Allowed] = {
    "AWSAppSyncInvokeFullAccess": (("appsync:GraphQL", "*"),),
    "AWSLambdaBasicExecutionRole": ((_LOGS, "*"),),
    "AWSLambdaDynamoDBExecutionRole": ((f"{_STREAM} {_LOGS}", "*"),),
    "AWSLambdaENIManagementAccess": ((_INTERFACES, "*"),),
    "AWSLambdaExecute": (("logs:*", "arn:aws:logs:*:*:*"), ("s3:GetObject s3:PutObject", "arn:aws:s3:::*")),
    "AWSLambdaInvocation-DynamoDB": ((f"lambda:InvokeFunction {_STREAM}", "*"),),
    "AWSLambdaKinesisExecutionRole": ((f"kinesis:GetRecords kinesis:GetShardIterator {_LOGS}", "*"),),
    "AWSLambdaMSKExecutionRole": ((f"kafka:DescribeCluster {_INTERFACES} {_LOGS}", "*"),),
    "AWSLambdaRole": (("lambda:InvokeFunction", "*"),),
    "AWSLambdaSQSQueueExecutionRole": ((f"{_QUEUE} {_LOGS}", "*"),),
    "AWSLambdaVPCAccessExecutionRole": ((f"{_INTERFACES} {_LOGS}", "*"),),
    "AWSStepFunctionsFullAccess": (("states:*", "*"),),
    "AWSXRayDaemonWriteAccess": ((_TRACES, "*"),),
    "AWSXrayWriteOnlyAccess": ((_TRACES, "*"),),
    "AdministratorAccess": (("*", "*"),),
    "AmazonAPIGatewayInvokeFullAccess": (("execute-api:Invoke execute-api:ManageConnections", "*"),),
    "AmazonDynamoDBFullAccess": (("dynamodb:* dax:*", "*"),),
    "AmazonDynamoDBFullAccess_v2": (("dynamodb:* dax:*", "*"),),
    "AmazonDynamoDBFullAccesswithDataPipeline": (
        ("dynamodb:* lambda:* datapipeline:* elasticmapreduce:* s3:DeleteObject s3:Get* s3:List* s3:Put*", "*"),
    ),
    "AmazonDynamoDBReadOnlyAccess": ((_READ_TABLES, "*"),),
    "AmazonESFullAccess": (("es:*", "*"),),
    "AmazonEventBridgeFullAccess": (("events:* schemas:* scheduler:* pipes:*", "*"),),
    "AmazonKinesisFirehoseFullAccess": (("firehose:*", "*"),),
    "AmazonKinesisFullAccess": (("kinesis:*", "*"),),
    "AmazonOpenSearchServiceFullAccess": (("es:*", "*"),),
    "AmazonS3FullAccess": (("s3:* s3-object-lambda:*", "*"),),
    "AmazonS3ReadOnlyAccess": (("s3:Get* s3:List* s3:Describe*", "*"),),
    "AmazonSESFullAccess": (("ses:*", "*"),),
    "AmazonSNSFullAccess": (("sns:*", "*"),),
    "AmazonSNSReadOnlyAccess": (("sns:GetTopicAttributes sns:List*", "*"),),
    "AmazonSQSFullAccess": (("sqs:*", "*"),),
    "AmazonSQSReadOnlyAccess": (("sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueues", "*"),),
    "AmazonSSMReadOnlyAccess": (("ssm:Describe* ssm:Get* ssm:List*", "*"),),
    "CloudWatchFullAccess": (("cloudwatch:* logs:* sns:*", "*"),),
    "CloudWatchFullAccessV2": (("cloudwatch:* logs:* application-signals:* rum:* synthetics:* xray:*", "*"),),
    "CloudWatchLambdaInsightsExecutionRolePolicy": ((_LOGS, "arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"),),
    "CloudWatchLogsFullAccess": (("logs:*", "*"),),
    "PowerUserAccess": (("*", "*"),),  # all but the services of identities and accounts
}
"""By the last part of their ARNs."""
