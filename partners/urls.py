from django.urls import path

from partners.views import imports

app_name = "partners"
urlpatterns = [
    path("imports/", imports.import_list, name="import-list"),
    path("imports/new/", imports.import_create, name="import-create"),
    path("imports/<uuid:public_id>/", imports.import_detail, name="import-detail"),
    path("imports/<uuid:public_id>/columns/", imports.import_mapping, name="import-mapping"),
    path("imports/<uuid:public_id>/apply/", imports.import_apply, name="import-apply"),
    path("imports/<uuid:public_id>/progress/", imports.import_progress, name="import-progress"),
    path("imports/<uuid:public_id>/refused/", imports.import_refused, name="import-refused"),
]
