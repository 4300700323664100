"""The servers that Hubbub is compared with, each as small as it can be. They run as programs of their own."""
