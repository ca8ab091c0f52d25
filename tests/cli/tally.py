"""An app and its template, with a table of orders under the function's stream."""

APP = """
from typing import Literal
from pydantic import BaseModel
from router import Change, Dispatcher, Routes

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    total: int

routes = Routes()

@routes.on(Order)
def tally(change: Change[Order]) -> None:
    print("tallied", change.image.total)
    if change.image.total < 0:
        raise ValueError(change.image.total)

app = Dispatcher(routes)
"""
TEMPLATE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Tally:
    Type: AWS::Serverless::Function
    Properties:
      Handler: tallies.app
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumBatchingWindowInSeconds: 5
            MaximumRetryAttempts: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
"""
