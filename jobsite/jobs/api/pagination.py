"""Pages of the API; apart from api.py because DRF imports it while its own views load."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Pages by the parameters `page` and `page_size`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
