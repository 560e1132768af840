"""zenlab: does a training-free NAS proxy work here, under which conditions, and how sure are we?"""
