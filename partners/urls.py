from django.urls import path

from partners.views import filters, imports, options, partners, people

app_name = "partners"
urlpatterns = [
    path("", partners.PartnerList.as_view(), name="partner-list"),
    path("filters/", filters.PartnerFilters.as_view(), name="partner-filters"),
    path("new/", partners.PartnerCreate.as_view(), name="partner-create"),
    path("options/", options.partner_options, name="partner-options"),
    path("<uuid:public_id>/", partners.PartnerDetail.as_view(), name="partner-detail"),
    path("<uuid:public_id>/edit/", partners.PartnerEdit.as_view(), name="partner-edit"),
    path("<uuid:public_id>/archive/", partners.PartnerArchive.as_view(), name="partner-archive"),
    path("<uuid:public_id>/restore/", partners.PartnerRestore.as_view(), name="partner-restore"),
    path("<uuid:public_id>/history/", partners.PartnerHistory.as_view(), name="partner-history"),
    path("people/", people.PersonList.as_view(), name="person-list"),
    path("people/filters/", filters.PersonFilters.as_view(), name="person-filters"),
    path("people/new/", people.PersonCreate.as_view(), name="person-create"),
    path("people/options/", options.person_options, name="person-options"),
    path("people/<uuid:public_id>/", people.PersonDetail.as_view(), name="person-detail"),
    path("people/<uuid:public_id>/edit/", people.PersonEdit.as_view(), name="person-edit"),
    path("people/<uuid:public_id>/archive/", people.PersonArchive.as_view(), name="person-archive"),
    path("people/<uuid:public_id>/restore/", people.PersonRestore.as_view(), name="person-restore"),
    path("people/<uuid:public_id>/history/", people.PersonHistory.as_view(), name="person-history"),
    path("people/<uuid:public_id>/posts/new/", people.PostCreate.as_view(), name="post-create"),
    path("posts/<uuid:public_id>/edit/", people.PostEdit.as_view(), name="post-edit"),
    path("posts/<uuid:public_id>/archive/", people.PostArchive.as_view(), name="post-archive"),
    path("imports/", imports.import_list, name="import-list"),
    path("imports/new/", imports.import_create, name="import-create"),
    path("imports/<uuid:public_id>/", imports.import_detail, name="import-detail"),
    path("imports/<uuid:public_id>/columns/", imports.import_mapping, name="import-mapping"),
    path("imports/<uuid:public_id>/apply/", imports.import_apply, name="import-apply"),
    path("imports/<uuid:public_id>/progress/", imports.import_progress, name="import-progress"),
    path("imports/<uuid:public_id>/refused/", imports.import_refused, name="import-refused"),
]
