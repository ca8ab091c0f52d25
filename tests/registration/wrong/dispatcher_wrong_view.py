from router import Dispatcher, Routes

routes = Routes()
app = Dispatcher(routes, view="NEW_IMAGES")
