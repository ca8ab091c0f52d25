from router import Dispatcher, Metrics

app = Dispatcher(metrics=Metrics)
