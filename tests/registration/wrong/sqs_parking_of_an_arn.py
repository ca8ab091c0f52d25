from router import Dispatcher, SqsParking

app = Dispatcher(parking=SqsParking("arn:aws:sqs:eu-west-1:123456789012:parked"))
