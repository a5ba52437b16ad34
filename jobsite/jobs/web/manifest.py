"""The web app manifest, with which a browser installs the site as an app."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

_SIZES = (192, 512)


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Return the manifest (W3C Web Application Manifest); it says nothing of any person."""
    icons = [
        {
            "src": static(f"jobsite/app-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": "any",
        }
        for size in _SIZES
    ]
    home = reverse("dashboard")
    about = {
        "name": "jobsite",
        "short_name": "jobsite",
        "id": home,
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": "#f2f5f4",
        "theme_color": "#0a666b",
        "icons": icons,
    }
    return JsonResponse(about, content_type="application/manifest+json")
